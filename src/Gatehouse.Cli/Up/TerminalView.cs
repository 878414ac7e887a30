using Spectre.Console;

namespace Gatehouse.Cli.Up;

/// <summary>For a terminal: a table that is drawn over itself. What to try next is printed once and stands still, so that it can be copied.</summary>
internal sealed class TerminalView(IAnsiConsole terminal, TimeProvider time) : IUpView
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    public async Task ShowAsync(Func<UpSnapshot> look, IReadOnlyList<string> whatNext, CancellationToken stop)
    {
        await DrawAsync(look, now => now.CaughtUp, stop);
        // Not through the terminal's own layout: it would break long commands.
        foreach (var line in whatNext)
            await terminal.Profile.Out.Writer.WriteLineAsync(line);
        await DrawAsync(look, _ => false, stop);
    }

    private Task DrawAsync(Func<UpSnapshot> look, Func<UpSnapshot, bool> isEnough, CancellationToken stop) =>
        terminal.Live(new Text("")).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(Pace, time);
            while (await timer.WaitForNextTickAsync(stop))
            {
                var now = look();
                live.UpdateTarget(Draw(now));
                live.Refresh();
                if (isEnough(now))
                    return;
            }
        });

    private static Rows Draw(UpSnapshot now)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn(new TableColumn("").RightAligned());
        Row("Events in the log", UpWords.Number(now.InLog));
        Row("Delivered", UpWords.Number(now.Delivered));
        Row("Rate, recordings included", $"{UpWords.Number(now.Rate)} events/s");
        Row("Lag", UpWords.Seconds(now.Lag));
        Row("Recordings delivered since start", UpWords.Recordings(now));
        Row("Dead letters", UpWords.Number(now.DeadLetters));
        var state = now.Trouble is { } trouble ? new Text($"Waiting: {trouble}", new Style(Color.Yellow))
            : now.CaughtUp ? new Text("Caught up. Ctrl-C ends it; the same command goes on.", new Style(Color.Green))
            : new Text("Catching up…");
        return new Rows(table, state);

        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
    }
}
