// HTTP in; JSON, HTML or a stream out. `Pages` renders, `HTTP` guards and routes, `API` and `Resident` and `Staff`
// hold the routes.
