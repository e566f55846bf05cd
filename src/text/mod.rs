//! Text as the encoder sees it: cleaned, then cut into pieces.
