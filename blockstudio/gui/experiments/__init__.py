"""Many runs that ask one question: the page *Experiments*."""
