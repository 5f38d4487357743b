namespace FastEndpoints;

/// <summary>The request of an endpoint that takes none.</summary>
public struct EmptyRequest;
