"""The pages for people: start page, API documentation, and the OpenAPI document beside them."""
