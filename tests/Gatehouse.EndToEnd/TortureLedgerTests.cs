using System.Text;
using Gatehouse.Torture;
using Gatehouse.Torture.Oracle;
using Gatehouse.Torture.Story;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>The judge of the torture must be able to say no.</summary>
public sealed class TortureLedgerTests
{
    private readonly ClusterStory _story;
    private readonly Ledger _ledger;

    public TortureLedgerTests()
    {
        var plan = RunPlan.Of(7, mayMount: false) with { AuditEvents = 20, LargeEvents = 0, Recordings = 1, Poison = false };
        _story = new ClusterStory(plan, new DateTime(2026, 11, 25, 12, 0, 0, DateTimeKind.Utc));
        _ledger = new Ledger(_story);
        _ledger.BeginLife(new bool[_story.Events.Count]);
    }

    [Fact]
    public void Everything_acknowledged_once_is_fine()
    {
        foreach (var issued in _story.Events.Where(issued => !issued.IsDecoy))
            Post(issued);
        _ledger.Close();
        Assert.Empty(_ledger.Violations);
        Assert.Equal(_ledger.Totals.Issued, _ledger.Totals.Acknowledged);
    }

    [Fact]
    public void What_nobody_acknowledged_is_missing()
    {
        foreach (var issued in _story.Events.Where(issued => !issued.IsDecoy).Skip(1))
            Post(issued);
        _ledger.Close();
        Assert.Single(_ledger.Violations);
        Assert.Equal(1, _ledger.Totals.Missing);
    }

    [Fact]
    public void A_changed_value_is_an_altered_event()
    {
        Post(_story.Audit[0], json => json.Replace(_story.Audit[0].Type, "user.logout", StringComparison.Ordinal));
        Assert.Equal(1, _ledger.Totals.Altered);
    }

    [Fact]
    public void A_number_nobody_issued_is_invented()
    {
        _ledger.Read(Ledger.AuditPath, Encoding.UTF8.GetBytes($$"""{"{{IssuedEvent.NumberField}}":100000}"""));
        Assert.Equal(1, _ledger.Totals.Invented);
    }

    [Fact]
    public void A_second_time_in_one_life_is_too_often()
    {
        Post(_story.Audit[0]);
        Assert.Empty(_ledger.Violations);
        Post(_story.Audit[0]);
        Assert.Equal(1, _ledger.Totals.Excess);
    }

    [Fact]
    public void A_second_time_in_another_life_is_fine_unless_the_checkpoint_covered_it()
    {
        var covered = new bool[_story.Events.Count];
        Post(_story.Audit[0]);
        _ledger.BeginLife(covered);
        Post(_story.Audit[0]);
        Assert.Empty(_ledger.Violations);
        covered[0] = true;
        _ledger.BeginLife(covered);
        Post(_story.Audit[0]);
        Assert.Equal(1, _ledger.Totals.Excess);
    }

    [Fact]
    public void What_comes_again_at_a_reload_is_too_often()
    {
        Post(_story.Audit[0]);
        _ledger.Reload();
        _ledger.Reloaded();
        Post(_story.Audit[0]);
        Assert.Equal(1, _ledger.Totals.Excess);
    }

    [Fact]
    public void What_comes_again_after_a_lost_answer_is_fine_once()
    {
        Post(_story.Audit[0], isAnswered: false);
        Post(_story.Audit[0]);
        Assert.Empty(_ledger.Violations);
        Assert.Equal(1, _ledger.Totals.AnswersLost);
        Post(_story.Audit[0]);
        Assert.Equal(1, _ledger.Totals.Excess);
    }

    [Fact]
    public void A_recording_goes_back_once_for_a_lost_answer()
    {
        var recording = _story.Recordings.Values.Single().Where(recorded => !recorded.IsDecoy).ToArray();
        Post(recording[0]);
        Post(recording[1], isAnswered: false);
        Post(recording[1]);
        Assert.Empty(_ledger.Violations);
    }

    [Fact]
    public async Task A_checkpoint_that_relies_on_an_answer_nobody_got_is_ahead()
    {
        Post(_story.Audit[0], isAnswered: false);
        var covered = new bool[_story.Events.Count];
        covered[0] = true;
        await _ledger.EndLifeAsync(covered, Path.GetTempPath());
        Assert.Equal(1, _ledger.Totals.Uncovered);
    }

    [Fact]
    public async Task A_checkpoint_ahead_of_the_receiver_is_found_at_once()
    {
        var covered = new bool[_story.Events.Count];
        covered[0] = true;
        await _ledger.EndLifeAsync(covered, Path.GetTempPath());
        Assert.Equal(1, _ledger.Totals.Uncovered);
    }

    [Fact]
    public void A_recording_out_of_order_is_told()
    {
        var recording = _story.Recordings.Values.Single().Where(recorded => !recorded.IsDecoy).ToArray();
        Post(recording[1]);
        Assert.Empty(_ledger.Violations);
        Post(recording[0]);
        Assert.Single(_ledger.Violations);
    }

    private void Post(IssuedEvent issued, Func<string, string>? change = null, bool isAnswered = true)
    {
        var json = Google.Protobuf.JsonFormatter.Default.Format(issued.Document);
        var door = issued.Recording is null ? Ledger.AuditPath : $"{Ledger.SessionPath}.{issued.Recording}.log";
        _ledger.Acknowledged(_ledger.Read(door, Encoding.UTF8.GetBytes(change?.Invoke(json) ?? json)), isAnswered);
    }
}
