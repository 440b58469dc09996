"""Rows as files write them, in a form for programs and a form for spreadsheets."""
