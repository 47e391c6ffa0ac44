"""What an invoice says, and the forms in which it says it: PDF for people, XML for programs."""
