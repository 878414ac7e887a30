namespace Gatehouse.Cluster;

/// <summary>A command on the cluster's data cannot be done. The message is for the person who gave it.</summary>
public sealed class ClusterException(string message, Exception? inner = null) : Exception(message, inner);
