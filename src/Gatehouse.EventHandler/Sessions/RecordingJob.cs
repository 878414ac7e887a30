namespace Gatehouse.EventHandler.Sessions;

/// <summary>A recording to stream.</summary>
/// <param name="NextIndex">First event index not settled yet.</param>
/// <param name="UploadedAt">Time of the upload event; <see cref="DateTime.MinValue"/> when unknown.</param>
/// <param name="Attempts">How often in a row it was not there.</param>
internal sealed record RecordingJob(string SessionId, long NextIndex, DateTime UploadedAt, int Attempts);
