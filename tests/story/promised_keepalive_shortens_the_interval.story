# Flow-Timer or keep= : the smallest counts (RFC 5626 4.4, RFC 6223 4.3).
account tcp
come-up 600s
promise 12
expect crlf within 0..12s
pong
expect crlf within 9.6s..12s
pong
expect crlf within 9.6s..12s
