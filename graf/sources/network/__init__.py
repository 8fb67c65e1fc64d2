"""From the steps of a network to its computation graph, whatever the network was read from."""
