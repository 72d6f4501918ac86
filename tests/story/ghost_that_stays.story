# A ghost that is named and still listed cannot be removed here: once is enough.
account tcp ponging token
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600 ghost 5
expect register
expect named 1
reply 200 lease 3600 ghost 5
expect state bound
expect ghosts 1
kick
expect register
expect named 0
reply 200 lease 3600 ghost 5
expect state bound
expect registers 3
