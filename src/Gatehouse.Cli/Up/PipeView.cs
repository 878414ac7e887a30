namespace Gatehouse.Cli.Up;

/// <summary>For a pipe or a log: a line every five seconds, and one when it has caught up.</summary>
internal sealed class PipeView(TextWriter output, TimeProvider time) : IUpView
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private const int LooksPerLine = 20;

    public async Task ShowAsync(Func<UpSnapshot> look, IReadOnlyList<string> whatNext, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pace, time);
        var caughtUp = false;
        for (var looks = 1; await timer.WaitForNextTickAsync(stop); looks++)
        {
            var now = look();
            if (now.CaughtUp && !caughtUp)
            {
                await output.WriteLineAsync($"Caught up: {Line(now)}");
                foreach (var line in whatNext)
                    await output.WriteLineAsync(line);
                await output.FlushAsync(stop);
                caughtUp = true;
            }
            else if (looks % LooksPerLine == 0)
            {
                await output.WriteLineAsync(Line(now));
                await output.FlushAsync(stop);
            }
        }
    }

    private static string Line(UpSnapshot now) =>
        $"{UpWords.Number(now.InLog)} in the log, {UpWords.Number(now.Delivered)} delivered, {UpWords.Number(now.Rate)}/s, lag {UpWords.Seconds(now.Lag)}, " +
        $"recordings {UpWords.Recordings(now)}, dead letters {UpWords.Number(now.DeadLetters)}{(now.Trouble is null ? "" : $"; {now.Trouble}")}";
}
