"""The virtual rack: a small cluster of kernel network namespaces on this machine."""
