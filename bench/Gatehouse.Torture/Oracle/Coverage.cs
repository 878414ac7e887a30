using System.Text;
using Gatehouse.Events;
using Gatehouse.EventHandler.State;
using Gatehouse.Torture.Peers;
using Gatehouse.Torture.Story;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Torture.Oracle;

/// <summary>Which events the checkpoint on disk says are done. Reads the files as the handler's next start will.</summary>
internal sealed class Coverage
{
    private readonly ClusterStory _story;
    private readonly UInt128[] _keys;

    public Coverage(ClusterStory story)
    {
        _story = story;
        _keys = [.. story.Audit.Select(KeyOf)];
    }

    /// <param name="wave">What is not visible yet is not covered, whatever its time.</param>
    public (bool[] Covered, int MissingRecordings) Read(string stateDirectory, int wave)
    {
        var covered = new bool[_story.Events.Count];
        if (!Directory.Exists(stateDirectory) || Find(stateDirectory) is not { } state)
            return (covered, 0);
        foreach (var (day, progress) in state.Days)
            AddDay(day, progress, covered);
        // A day with a chunk in trouble stays open while later ones are closed.
        foreach (var chunk in _story.Chunks.Where(chunk => chunk.Day <= state.ClosedThrough && !state.Days.ContainsKey(chunk.Day) && chunk.Wave <= wave))
            AddChunk(chunk, chunk.Events.Count, covered);
        if (state.Paged.Newest is not null)
            AddSearched(state.Paged, wave, covered);
        foreach (var upload in _story.Audit.Where(told => told.Announces is not null))
            AddRecording(upload, state, covered);
        return (covered, state.Missing.Count);
    }

    private static HandlerState? Find(string stateDirectory)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return StateReader.FindNewest(new DiskFiles(stateDirectory), NullLogger.Instance)?.Reading.State;
            }
            catch (Exception e) when (e is FileNotFoundException or StateException && tries < 50)
            {
                // A running handler is renaming the files this moment.
            }
        }
    }

    private void AddDay(DateOnly day, DayProgress progress, bool[] covered)
    {
        foreach (var chunk in _story.Chunks.Where(chunk => chunk.Day == day))
        {
            if (progress.Completed.Contains(chunk.Name))
                AddChunk(chunk, chunk.Events.Count, covered);
            else if (progress.Cursors.TryGetValue(chunk.Name, out var cursor))
                AddChunk(chunk, StoryCluster.PositionOf(cursor) + 1, covered);
        }
    }

    private static void AddChunk(StoryChunk chunk, int count, bool[] covered)
    {
        foreach (var told in chunk.Events.Take(count))
            covered[told.Number] = true;
    }

    private void AddSearched(PagedPosition paged, int wave, bool[] covered)
    {
        foreach (var told in _story.Audit)
        {
            if (told.Wave <= wave && (told.Time < paged.Floor || paged.Settled.ContainsKey(_keys[told.Number])))
                covered[told.Number] = true;
        }
    }

    /// <summary>A recording is queued by the record that covers its upload and forgotten when it is through.</summary>
    private void AddRecording(IssuedEvent upload, HandlerState state, bool[] covered)
    {
        var next = state.Sessions.TryGetValue(upload.Announces!, out var running) ? running.NextIndex
            : state.Missing.TryGetValue(upload.Announces!, out var missing) ? missing.NextIndex
            : covered[upload.Number] ? long.MaxValue
            : 0;
        foreach (var told in _story.Recordings[upload.Announces!].Where(told => told.Index < next))
            covered[told.Number] = true;
    }

    private static UInt128 KeyOf(IssuedEvent told) =>
        told.Uid is not null ? EventKey.OfUid(Encoding.ASCII.GetBytes(told.Uid)) : EventKey.OfContent(JsonOf(told));

    private static byte[] JsonOf(IssuedEvent told)
    {
        using var batch = new EventBatch(1024);
        EventDecoder.Append(Google.Protobuf.MessageExtensions.ToByteArray(told.Wire()), batch);
        return batch.Json(0).ToArray();
    }
}
