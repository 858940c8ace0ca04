"""What every sentence of a reference claims, checked against the table's decisions."""
