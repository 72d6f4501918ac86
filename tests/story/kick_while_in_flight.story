# Waits for the REGISTER in flight, then sends once more.
account tcp ponging
come-up 300s
kick
expect register reused
kick
expect nothing for 1s
reply 200 lease 300
expect register reused
reply 200 lease 300
expect nothing for 60s
