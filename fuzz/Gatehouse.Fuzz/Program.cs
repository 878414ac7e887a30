using Gatehouse.Events.Tests;

// The fuzz target as a program: one input from each file or folder named, or one from standard input. See docs/fuzzing.md.
if (args.Length == 0)
{
    using var input = new MemoryStream();
    using var standardInput = Console.OpenStandardInput();
    standardInput.CopyTo(input);
    FuzzTarget.Run(input.ToArray());
    return 0;
}

var inputs = args.SelectMany(path => Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories) : [path]).ToArray();
foreach (var path in inputs)
{
    try
    {
        FuzzTarget.Run(File.ReadAllBytes(path));
    }
    catch (Exception)
    {
        Console.Error.WriteLine($"finding: {path}");
        throw;
    }
}
Console.WriteLine($"{inputs.Length} inputs, no finding");
return 0;
