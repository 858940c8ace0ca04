"""One page that draws a lifecycle and answers about it, in a browser, with no network and no server."""
