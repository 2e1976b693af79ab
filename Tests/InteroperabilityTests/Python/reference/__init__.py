"""An independent reference of the three formats, written from their specifications, and what makes mutants for it."""
