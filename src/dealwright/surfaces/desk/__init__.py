"""The merchant's desk: pages for the people of a workspace, over the same operations as every other surface."""
