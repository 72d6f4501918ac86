# RFC 5627 4.2: where there is room, a whole Timer F before the end.
account tcp ponging expires 70
come-up 70s
expect register within 31.5s..38s
reply 200 lease 70
