"""What the bedside's page costs, and how old what it shows is."""
