# However short the lease: never sooner than 5 s after the last answer.
account tcp ponging expires 60
come-up 4s
expect register within 5s..5s
reply 200 lease 1
expect nothing for 4.9s
expect registered no
expect reason lease-expired
expect register within 0..200ms
reply 200 lease 60
expect registered yes
