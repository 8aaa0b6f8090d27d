// SPDX-License-Identifier: GPL-2.0-only
/**
 * Doubly linked lists as include/linux/list.h has them: a ring through a head. C finds the object around a link with
 * container_of(); here each link carries its owner.
 */

/** A link of a ring, or its head. Alone it points at itself. */
export class list_head<T = unknown> {
  next: list_head<T>;
  prev: list_head<T>;
  /** The object this link is part of; null for a head. */
  owner: T | null;

  constructor(owner: T | null = null) {
    this.next = this;
    this.prev = this;
    this.owner = owner;
  }
}

/** Makes a head, or a link, empty: it points at itself. */
export function INIT_LIST_HEAD<T>(list: list_head<T>): void {
  list.next = list;
  list.prev = list;
}

/** Puts a link right after the head. */
export function list_add<T>(link: list_head<T>, head: list_head<T>): void {
  const next = head.next;
  next.prev = link;
  link.next = next;
  link.prev = head;
  head.next = link;
}

/** Puts a link at the end, before the head. */
export function list_add_tail<T>(link: list_head<T>, head: list_head<T>): void {
  list_add(link, head.prev);
}

/** Takes a link out of its ring and leaves it pointing at itself. */
export function list_del_init<T>(link: list_head<T>): void {
  link.prev.next = link.next;
  link.next.prev = link.prev;
  INIT_LIST_HEAD(link);
}

/** Nothing on the list? */
export function list_empty<T>(head: list_head<T>): boolean {
  return head.next === head;
}

/** Exactly one link on the list? */
export function list_is_singular<T>(head: list_head<T>): boolean {
  return head.next !== head && head.next === head.prev;
}

/** The owners in order. The link that was handed out may be removed before the next is asked for. */
export function* list_for_each_entry<T>(head: list_head<T>): Generator<T> {
  for (let link = head.next, next = link.next; link !== head; link = next, next = link.next) {
    if (link.owner !== null) yield link.owner;
  }
}
