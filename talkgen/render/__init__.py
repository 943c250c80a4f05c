"""A resolved deck as Marp or Slidev source."""
