"""What a workspace and its customers say to each other by SMS, telephone and e-mail, outside of deals."""
