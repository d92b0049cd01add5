"""The SalesThumb API: bare objects, its errors, its headers, its webhook envelope."""
