"""Cart and checkout: each page is a form that saves and leads on, complete without JavaScript."""
