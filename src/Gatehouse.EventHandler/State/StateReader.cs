using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.State;

/// <summary>Finds the newest state among the checkpoint file and its companions. Changes nothing on the disk.</summary>
internal static class StateReader
{
    /// <returns>The file to go on with, or null in a directory that never had one.</returns>
    /// <exception cref="StateException">There are files, and none can be read.</exception>
    /// <exception cref="InvalidDataException">A newer version wrote them.</exception>
    public static (string Name, CheckpointReading Reading)? FindNewest(IStateFiles files, ILogger log)
    {
        // Its snapshot holds all there is in the other two, so if that can be read no other matters.
        if (Read(files, CheckpointFile.Name, log) is { } current)
            return (CheckpointFile.Name, current);

        var next = Read(files, CheckpointFile.NewName, log);
        var previous = Read(files, CheckpointFile.PreviousName, log);
        if (next is not null && (previous is null || next.Sequence >= previous.Sequence))
            return (CheckpointFile.NewName, next);
        if (previous is not null)
        {
            Log.CheckpointFellBack(log, CheckpointFile.PreviousName, previous.Sequence);
            return (CheckpointFile.PreviousName, previous);
        }

        // A torn checkpoint.new alone is a first start that did not get far.
        if (files.Exists(CheckpointFile.Name) || files.Exists(CheckpointFile.PreviousName))
        {
            throw new StateException(
                "The checkpoint is damaged beyond reading, and so is the one before it. Nothing was changed. Restore the state directory from a backup, or remove checkpoint and checkpoint.previous and start with --start-time at the last event your receiver has.");
        }
        return null;
    }

    private static CheckpointReading? Read(IStateFiles files, string name, ILogger log)
    {
        if (!files.Exists(name))
            return null;
        using var file = files.OpenRead(name);
        var reading = CheckpointFile.Read(file);
        if (reading is null)
            Log.CheckpointUnreadable(log, name, file.Length);
        else if (reading.Length != file.Length)
            Log.CheckpointTailCut(log, name, file.Length - reading.Length, reading.Sequence);
        return reading;
    }
}
