"""Camera-trap frames that are drawn, with a planted truth beside them."""
