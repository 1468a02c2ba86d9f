"""From records or files to batches: decoded on the host, augmented on the device."""
