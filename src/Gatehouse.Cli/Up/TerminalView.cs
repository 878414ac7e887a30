using Spectre.Console;
using Spectre.Console.Rendering;

namespace Gatehouse.Cli.Up;

/// <summary>For a terminal: a table that is drawn over itself.</summary>
internal sealed class TerminalView(IAnsiConsole terminal, TimeProvider time) : IUpView
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    public Task ShowAsync(Func<UpSnapshot> look, IReadOnlyList<string> whatNext, CancellationToken stop) =>
        terminal.Live(new Text("Starting…")).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(Pace, time);
            while (await timer.WaitForNextTickAsync(stop))
            {
                live.UpdateTarget(Draw(look(), whatNext));
                live.Refresh();
            }
        });

    private static Rows Draw(UpSnapshot now, IReadOnlyList<string> whatNext)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn(new TableColumn("").RightAligned());
        Row("Events in the log", UpWords.Number(now.InLog));
        Row("Delivered", UpWords.Number(now.Delivered));
        Row("Rate, recordings included", $"{UpWords.Number(now.Rate)} events/s");
        Row("Lag", UpWords.Seconds(now.Lag));
        Row("Recordings delivered since start", UpWords.Recordings(now));
        Row("Dead letters", UpWords.Number(now.DeadLetters));
        var state = now.Trouble is { } trouble ? new Text($"Waiting: {trouble}", new Style(Color.Yellow))
            : now.CaughtUp ? new Text("Caught up.", new Style(Color.Green))
            : new Text("Catching up…");
        return new Rows([table, state, .. now.CaughtUp ? whatNext.Select(line => (IRenderable)new Text(line)) : [], new Text("Ctrl-C ends it; run it again to go on.")]);

        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
    }
}
