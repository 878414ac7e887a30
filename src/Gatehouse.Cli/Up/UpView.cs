using System.Globalization;

namespace Gatehouse.Cli.Up;

/// <summary>Shows how it goes until it is told to stop.</summary>
internal interface IUpView
{
    /// <param name="look">Measures; to be called at an even pace.</param>
    /// <param name="whatNext">What to say once everything that was there is delivered.</param>
    Task ShowAsync(Func<UpSnapshot> look, IReadOnlyList<string> whatNext, CancellationToken stop);
}

/// <summary>Figures in words.</summary>
internal static class UpWords
{
    public static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Seconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture) + " s";

    public static string Recordings(UpSnapshot now) =>
        now.SessionBacklog == 0 ? Number(now.Sessions) : $"{Number(now.Sessions)} ({Number(now.SessionBacklog)} to go)";
}
