using Gatehouse.Cli;
using Gatehouse.Hosting.Settings;

// The one executable. What it can do: FrontDoor; what each command does: Commands.
return await FrontDoor.RunAsync(CalledAs.Name(), args, Surroundings.OfProcess(), CancellationToken.None);
