"""The usual stack: FastAPI and the SQLAlchemy ORM, doing less than Dealwright does."""
