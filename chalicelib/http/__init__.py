"""The HTTP layer: routes by area, authentication, `authorize`, problem documents, OpenAPI."""
