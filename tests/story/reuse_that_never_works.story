# One-time nonces: after two refused reuses none for a day.
account tcp ponging expires 1000
come-up 1000s
expect register reused within 450s..550s
reply 401 stale
expect register fresh
reply 200 lease 1000
expect register reused within 450s..550s
reply 401 stale
expect register fresh
reply 200 lease 1000
expect register none within 450s..550s
reply 401
expect register fresh
reply 200 lease 1000
