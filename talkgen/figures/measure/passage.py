"""A text for models to be measured on where none is named: new, in the manner of a language reference."""

PASSAGE = (
    "The name is bound to the value of the expression. If the name is bound in a block, it is a local variable of "
    "that block, unless it is declared as global. If the value of the expression is not an object, an exception "
    "is raised. The name of the exception is bound to the object in the block of the except clause, and the name "
    "is deleted when the block of the except clause is left. A function object is called with a list of "
    "arguments, and the result of the call is the value that the function returns. If the function returns no "
    "value, the result of the call is None. A class object is called to make a new instance of the class, and the "
    "arguments of the call are passed to the method of the class that has this name."
)
