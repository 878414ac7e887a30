// The one executable: see Commands for what it can do.
return 0;
