"""People: who they are, how they sign in, which workspaces they belong to and as what."""
