"""What editors show as documents."""
