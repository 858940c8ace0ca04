"""A table written out for people: the sentences of its rules, a reference of pages, and a site made from them."""
