//! One quantity per SKU over all shops of a client.
