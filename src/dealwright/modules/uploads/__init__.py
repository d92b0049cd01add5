"""Images for products, option swatches and other assets."""
