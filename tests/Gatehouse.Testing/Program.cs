using System.Diagnostics;

namespace Gatehouse.Testing;

/// <summary>Runs a real program to its end.</summary>
public static class Program
{
    /// <param name="folder">Working directory.</param>
    public static ProgramResult Run(string program, string folder, params string[] arguments) => RunWithInput(program, folder, "", arguments);

    /// <param name="input">What the program reads from its standard input.</param>
    public static ProgramResult RunWithInput(string program, string folder, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ProgramResult(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}

public sealed record ProgramResult(int ExitCode, string Output, string Errors);
