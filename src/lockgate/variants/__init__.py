"""Variants: cases made of a case by edits, which must leave its verdict alone, or must not."""
