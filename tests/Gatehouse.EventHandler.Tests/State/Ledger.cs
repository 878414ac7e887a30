using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

/// <summary>
/// A checkpoint with the plain model beside it: a list of states, one a record. What was acknowledged must be found again; what was
/// tried and failed may be found, whole; nothing else may.
/// </summary>
internal sealed class Ledger
{
    private readonly List<string> _acknowledged = [];
    private readonly HashSet<string> _triedNext = [];
    private readonly HandlerState _model = new();
    private Checkpoint? _checkpoint;

    public Ledger(MemoryFiles files)
    {
        Files = files;
        _acknowledged.Add(SomeChanges.Print(_model));
    }

    public MemoryFiles Files { get; private set; }

    public Checkpoint Checkpoint => _checkpoint ??= OpenFiles(Files);

    public int Acknowledged => _acknowledged.Count - 1;

    public static Checkpoint OpenFiles(MemoryFiles files) =>
        Checkpoint.Open("/nowhere/that/exists", files, null, TimeProvider.System, NullLogger.Instance);

    /// <summary>Commits, and says whether the disk took it.</summary>
    public async Task<bool> Commit(params List<StateChange> changes)
    {
        var before = SomeChanges.Print(Checkpoint.State);
        try
        {
            await Checkpoint.CommitAsync(changes, CancellationToken.None);
        }
        catch (IOException)
        {
            Assert.Equal(before, SomeChanges.Print(Checkpoint.State));
            _triedNext.Add(Preview(changes));
            return false;
        }
        foreach (var change in changes)
            StateFold.Apply(_model, change);
        _acknowledged.Add(SomeChanges.Print(_model));
        _triedNext.Clear();
        Assert.Equal(_acknowledged[^1], SomeChanges.Print(Checkpoint.State));
        Assert.Equal((ulong)Acknowledged, Checkpoint.Sequence);
        return true;
    }

    /// <summary>Opens what a crash left and holds it against the model, then goes on from there.</summary>
    public void Recover(MemoryFiles files)
    {
        Files = files;
        _checkpoint = OpenFiles(files);
        var found = SomeChanges.Print(_checkpoint.State);
        if (_checkpoint.Sequence == (ulong)Acknowledged)
        {
            Assert.Equal(_acknowledged[^1], found);
            return;
        }
        Assert.Equal((ulong)Acknowledged + 1, _checkpoint.Sequence);
        Assert.Contains(found, _triedNext);
        Adopt(_checkpoint.State, found);
    }

    /// <summary>The state of some record, whichever; an older one wins over none.</summary>
    public int IndexOf(Checkpoint opened)
    {
        Assert.InRange(opened.Sequence, 0UL, (ulong)Acknowledged);
        Assert.Equal(_acknowledged[(int)opened.Sequence], SomeChanges.Print(opened.State));
        return (int)opened.Sequence;
    }

    private string Preview(List<StateChange> changes)
    {
        var copy = new HandlerState();
        foreach (var change in StateSnapshot.Of(_model).Concat(changes))
            StateFold.Apply(copy, change);
        return SomeChanges.Print(copy);
    }

    private void Adopt(HandlerState state, string text)
    {
        _acknowledged.Add(text);
        _triedNext.Clear();
        _model.Days.Clear();
        _model.Sessions.Clear();
        _model.Missing.Clear();
        _model.Paged.Settled.Clear();
        (_model.ClosedThrough, _model.TakenOver) = (null, null);
        foreach (var change in StateSnapshot.Of(state))
            StateFold.Apply(_model, change);
    }
}
