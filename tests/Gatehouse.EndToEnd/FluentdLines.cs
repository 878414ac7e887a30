using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gatehouse.EndToEnd;

/// <summary>What tells a record from others: an event of the log has its own id, those of a recording count within their session.</summary>
internal sealed record RecordKey(string Tag, string Uid, string Event, long Index)
{
    public static RecordKey Of(string tag, JsonNode document) =>
        new(tag, document["uid"]?.GetValue<string>() ?? "", document["event"]!.GetValue<string>(), document["ei"]!.GetValue<long>());
}

/// <summary>A line of Fluentd's <c>@type stdout</c>.</summary>
internal sealed record FluentdRecord(DateTimeOffset Time, string Tag, JsonNode Document)
{
    public RecordKey Key { get; } = RecordKey.Of(Tag, Document);
}

/// <summary>Fluentd's output as it comes: records, which <c>@type stdout</c> prints before the request is answered, and its own log.</summary>
internal sealed partial class FluentdLines
{
    private readonly Lock _gate = new();
    private readonly List<FluentdRecord> _records = [];
    private readonly HashSet<RecordKey> _seen = [];
    private readonly List<string> _complaints = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<FluentdRecord> Records
    {
        get
        {
            lock (_gate)
                return [.. _records];
        }
    }

    /// <summary>Warnings and errors.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_gate)
                return [.. _complaints];
        }
    }

    /// <summary>Takes a line, and says whether it is the one after which clients may come.</summary>
    public bool Take(string line)
    {
        var match = RecordLine().Match(line);
        lock (_gate)
        {
            if (match.Success)
            {
                var record = new FluentdRecord(TimeOf(match), match.Groups["tag"].Value, JsonNode.Parse(match.Groups["record"].Value)!);
                _records.Add(record);
                _seen.Add(record.Key);
            }
            else if (Complaint().IsMatch(line))
            {
                _complaints.Add(line);
            }
            _news.TrySetResult();
        }
        return line.Contains("fluentd worker is now running", StringComparison.Ordinal);
    }

    public Task WhenSeenAsync(IReadOnlyCollection<RecordKey> keys, CancellationToken cancellation) => WhenAsync(() => keys.All(_seen.Contains), cancellation);

    public Task WhenCountedAsync(int records, CancellationToken cancellation) => WhenAsync(() => _records.Count >= records, cancellation);

    private async Task WhenAsync(Func<bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (condition())
                    return;
                if (_news.Task.IsCompleted)
                    _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }
            // No line for so long after the handler has ended, or while it runs: it will not come any more.
            await news.WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        }
    }

    private static DateTimeOffset TimeOf(Match line) => DateTimeOffset.ParseExact(
        $"{line.Groups["time"].Value} {line.Groups["zone"].Value.Insert(3, ":")}", "yyyy-MM-dd HH:mm:ss.fffffff zzz", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{7})\d\d (?<zone>[+-]\d{4}) (?<tag>[^ ]+\.log): (?<record>\{.*\})$")]
    private static partial Regex RecordLine();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \[(warn|error|fatal)\]: ")]
    private static partial Regex Complaint();
}
